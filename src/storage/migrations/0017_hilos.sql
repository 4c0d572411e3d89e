-- Starts of a flow for contacts that a caller named, all in one call: Hilos calls such a start a flow execution.
create table start_list (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  flow_id uuid not null references flow,
  entry text not null,
  variables jsonb not null check (jsonb_typeof(variables) = 'object'),
  -- The other live runs of its contacts were ended.
  ends_others boolean not null,
  contacts integer not null,
  created_by text,
  created_at timestamptz not null
);
create index start_list_workspace on start_list (workspace_id, id);
create index start_list_age on start_list (created_at);

-- Each contact of such a start, by the event that starts it: what became of it stands in that event's outcome, and in its run.
create table start_list_contact (
  lane smallint not null,
  event_id uuid not null,
  contact_id uuid not null,
  start_list_id uuid not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  primary key (lane, event_id)
);
create index start_list_contact_list on start_list_contact (start_list_id, event_id);
create index start_list_contact_workspace on start_list_contact (workspace_id, event_id);
create index start_list_contact_contact on start_list_contact (lane, contact_id);
