-- What becomes of a message can start flows, which can send messages: the loop guard has to follow it through.
alter table message add column depth smallint not null default 0;
