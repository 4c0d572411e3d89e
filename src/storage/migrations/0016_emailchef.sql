-- The fields of lists have numbers: the APIs of other systems know them by these alone.
create sequence list_field_number owned by list.fields;
