-- What flows need besides events: priorities, events that flows make themselves, and contacts to be looked at again.

alter table workspace add column settings jsonb not null default '{}';

alter table event
  -- How many flows in a row led to it without a pause.
  add column depth smallint not null default 0,
  add column priority smallint not null default 1 check (priority between 0 and 2);

-- Without an event the contact has changed, and what depends on its present state is to be looked at.
alter table event_queue
  add column priority smallint not null default 1 check (priority between 0 and 2),
  add column workspace_id uuid,
  alter column event_id drop not null,
  add check (num_nonnulls(event_id, workspace_id) > 0),
  drop constraint event_queue_pkey,
  add primary key (lane, priority, seq);

alter table run
  add column priority smallint not null default 1 check (priority between 0 and 2),
  add column depth smallint not null default 0;

alter table outbox add column priority smallint not null default 1 check (priority between 0 and 2);
drop index outbox_due;
create index outbox_due on outbox (lane, kind, priority, due_at) where leased_by is null and not answered;

-- The names of the events that can matter to live runs of the version, which stay on it when a newer one is published.
alter table flow_version add column heard_by_runs text[] not null default '{}';
