-- Starts of a flow over many contacts, worked off in chunks; entries that start by the clock; and how many may come in.

create table broadcast (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  flow_id uuid not null references flow,
  entry text not null,
  -- api, or the kind of the entry that started by the clock.
  cause text not null,
  -- Null: every contact of the workspace.
  audience jsonb,
  variables jsonb not null default '{}' check (jsonb_typeof(variables) = 'object'),
  priority smallint not null check (priority between 0 and 2),
  -- The span of time it makes up for, when it was started by the clock.
  window_from timestamptz,
  window_to timestamptz,
  state text not null check (state in ('running', 'paused', 'done', 'cancelled', 'skipped', 'failed')),
  reason text,
  -- The last contact that was looked at. It moves in the commit that puts contacts in line: that is what makes it once for each.
  cursor uuid not null default '00000000-0000-0000-0000-000000000000',
  expected bigint,
  queued bigint not null default 0,
  failures integer not null default 0,
  next_at timestamptz not null,
  created_by text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at timestamptz,
  check ((ended_at is null) = (state in ('running', 'paused')))
);
create index broadcast_workspace on broadcast (workspace_id, id);
create index broadcast_live on broadcast (next_at) where state = 'running';
create index broadcast_flow on broadcast (flow_id) where state in ('running', 'paused');

-- When entries of active flows start by the clock. `seen_at` is the instant up to which they were looked at.
create table schedule (
  flow_id uuid not null references flow,
  entry text not null,
  workspace_id uuid not null,
  next_at timestamptz not null,
  seen_at timestamptz not null,
  primary key (flow_id, entry)
);
create index schedule_due on schedule (next_at);

-- From when on the next start over an audience is within the rate of the flow.
create table flow_pace (
  flow_id uuid primary key references flow,
  next_at timestamptz not null
);

-- How many came into flows with a daily cap, by the day of the workspace.
create table flow_day (
  flow_id uuid not null references flow,
  day date not null,
  workspace_id uuid not null,
  started integer not null default 0,
  primary key (flow_id, day)
) with (fillfactor = 50);
