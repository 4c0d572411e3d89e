-- Rules around sending: quiet hours, caps, rates, priorities, and the goals of flows.

alter table message
  add column topic text,
  -- When it was last about to be handed over, noted where a cap may count it.
  add column begun_at timestamptz,
  drop constraint message_status_check,
  add constraint message_status_check check
    (status in ('queued', 'deferred', 'sent', 'bounced', 'failed', 'held', 'unknown', 'cancelled', 'dropped'));

-- The rule that put the effect off, so that one which is put off again does not say so again.
alter table outbox add column put_off text;

drop index outbox_answered;
create index outbox_answered on outbox (lane, priority) where answered;

-- By priority first: a lane full of runs that are due must not hide the urgent ones.
drop index run_due;
create index run_due on run (lane, priority, wake_at) where wake_at is not null;

-- A rate that all processes share: when the next message may go, and how far the line of those put off reaches, by priority.
create table rate_bucket (
  workspace_id uuid not null,
  subject text not null,
  free_at timestamptz not null default '-infinity',
  line_ends timestamptz[] not null default '{-infinity,-infinity,-infinity}' check (cardinality(line_ends) = 3),
  primary key (workspace_id, subject)
) with (fillfactor = 50);

alter table flow_version
  -- The names of the events that are goals of the version.
  add column goal_events text[] not null default '{}';

-- A goal of a flow that a run has reached: once for each.
create table conversion (
  lane smallint not null,
  run_id uuid not null,
  goal text not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  version integer not null,
  contact_id uuid not null,
  event_id uuid not null,
  at timestamptz not null,
  primary key (lane, run_id, goal)
);
