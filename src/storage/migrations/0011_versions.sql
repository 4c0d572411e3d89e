-- Flows that are held, jobs that work through many runs in the background.

alter table flow
  -- Paused, and its live runs stand still too.
  add column is_held boolean not null default false,
  -- Resumed: what was due by then waits until the job that deals with it comes to its lane.
  add column held_before timestamptz;

-- A run of a held flow that falls due is put aside once: its instant moves here, out of the index that every pass reads.
alter table run
  add column parked_wake_at timestamptz,
  add check (parked_wake_at is null or (wake_at is null and ended_at is null));
create index run_parked on run (lane, flow_id, parked_wake_at) where parked_wake_at is not null;

-- The same for effects and answers.
alter table outbox add column held boolean not null default false;
drop index outbox_due;
create index outbox_due on outbox (lane, kind, priority, due_at) where leased_by is null and not answered and not held;
drop index outbox_answered;
create index outbox_answered on outbox (lane, priority) where answered and not held;
create index outbox_held on outbox (lane, flow_id) where held;

create table job (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  flow_id uuid references flow,
  kind text not null,
  status text not null check (status in ('running', 'done', 'cancelled', 'failed')),
  phase smallint not null default 0,
  params jsonb not null,
  created_by text not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  error text,
  check ((ended_at is null) = (status = 'running'))
);
create index job_workspace on job (workspace_id, id);
create index job_running on job (id) where status = 'running';

-- How far a job has come in each lane. Whoever works on it holds the row, so that one process at a time does.
create table job_lane (
  job_id uuid not null references job on delete cascade,
  lane smallint not null,
  cursor jsonb,
  counts jsonb not null default '{}',
  failures smallint not null default 0,
  is_done boolean not null default false,
  due_at timestamptz not null,
  primary key (job_id, lane)
);
