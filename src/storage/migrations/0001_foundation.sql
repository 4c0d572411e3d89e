-- Ids are UUIDv7 made in the program, so the order of ids is the order of time and tables that only grow are
-- partitioned by range of id. Hot tables carry the lane first in their key: a pass works on lanes it holds locked.

create table workspace (
  id uuid primary key,
  name text not null check (name <> ''),
  time_zone text not null default 'UTC',
  -- Grows with every change to what flows listen to; ingest compares it with what it has in memory.
  routing_revision bigint not null default 1,
  created_at timestamptz not null
);

create table lane (lane smallint primary key check (lane between 0 and 63));
insert into lane select generate_series(0, 63);

create table worker (
  id uuid primary key,
  roles text[] not null,
  started_at timestamptz not null,
  seen_at timestamptz not null
);

create table api_key (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  name text not null check (name <> ''),
  -- SHA-256 of the key; the keys are 32 random bytes, so a slow hash would add nothing.
  hash bytea not null unique check (length(hash) = 32),
  hint text not null,
  scopes text[] not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_key_workspace on api_key (workspace_id, id);

create table secret (
  workspace_id uuid not null references workspace,
  name text not null check (name ~ '^[A-Za-z][A-Za-z0-9_]{0,63}$'),
  sealed bytea not null,
  updated_at timestamptz not null,
  primary key (workspace_id, name)
);

create table contact (
  lane smallint not null,
  id uuid not null,
  workspace_id uuid not null,
  external_id text,
  email text,
  phone text,
  properties jsonb not null default '{}' check (jsonb_typeof(properties) = 'object'),
  tags text[] not null default '{}',
  time_zone text,
  locale text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (lane, id),
  check (num_nonnulls(external_id, email, phone) > 0)
) with (fillfactor = 85);
create index contact_workspace on contact (workspace_id, id);

-- Who owns an identity. The lane here is made from the value, so that uniqueness can be kept lane by lane.
create table contact_identity (
  lane smallint not null,
  workspace_id uuid not null,
  kind text not null check (kind in ('externalId', 'email', 'phone')),
  value text not null check (value <> ''),
  contact_lane smallint not null,
  contact_id uuid not null,
  primary key (lane, workspace_id, kind, value)
);

create table list (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  name text not null check (name <> ''),
  description text not null default '',
  fields jsonb not null default '[]',
  created_at timestamptz not null,
  unique (workspace_id, name)
);

create table membership (
  lane smallint not null,
  contact_id uuid not null,
  list_id uuid not null,
  workspace_id uuid not null,
  state text not null check (state in ('subscribed', 'unsubscribed', 'unconfirmed')),
  joined_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (lane, contact_id, list_id)
);
create index membership_list on membership (list_id, contact_id);

-- Immutable. The key starts with lane and contact: the timeline of a contact and the pass both read it so.
create table event (
  lane smallint not null,
  contact_id uuid not null,
  id uuid not null,
  workspace_id uuid not null,
  name text not null,
  payload jsonb not null check (jsonb_typeof(payload) = 'object'),
  occurred_at timestamptz not null,
  accepted_at timestamptz not null,
  source text not null,
  client jsonb,
  target_flow_id uuid,
  target_entry text,
  -- False when no flow listened to the name at acceptance: the recorded reason why nothing started.
  queued boolean not null,
  primary key (lane, contact_id, id)
) partition by range (id);
create index event_workspace on event (workspace_id, id);

-- Events that flows still have to meet, in the order of acceptance. A sequence and not the id gives the order,
-- because clocks of two processes may differ.
create table event_queue (
  lane smallint not null,
  seq bigint generated always as identity,
  contact_id uuid not null,
  event_id uuid not null,
  primary key (lane, seq)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- What an event did to a flow, or why it did not: one row per event and flow that listened.
create table event_outcome (
  lane smallint not null,
  contact_id uuid not null,
  event_id uuid not null,
  ordinal smallint not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  version integer not null,
  entry text,
  outcome text not null check (outcome in ('started', 'not_started', 'exited')),
  reason text,
  detail jsonb,
  run_id uuid,
  at timestamptz not null,
  primary key (lane, contact_id, event_id, ordinal)
) partition by range (event_id);

create table flow (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  -- The small number that people and SendPulse's automation_id use.
  number bigint generated always as identity unique,
  name text not null check (name <> ''),
  status text not null check (status in ('draft', 'active', 'paused', 'archived')),
  draft jsonb not null,
  version integer check (version > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (status not in ('active', 'paused') or version is not null)
);
create index flow_workspace on flow (workspace_id, id);

create table flow_version (
  flow_id uuid not null references flow,
  version integer not null check (version > 0),
  workspace_id uuid not null,
  definition jsonb not null,
  published_at timestamptz not null,
  published_by text,
  primary key (flow_id, version)
);

-- The address of an incoming-call entry. It outlives versions, so that a URL once given away keeps working.
create table incoming_call (
  token text primary key check (length(token) >= 32),
  workspace_id uuid not null,
  flow_id uuid not null references flow,
  entry text not null,
  created_at timestamptz not null,
  unique (flow_id, entry)
);

create table run (
  lane smallint not null,
  id uuid not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  version integer not null,
  contact_id uuid not null,
  key text,
  entry text not null,
  status text not null check (status in ('active', 'waiting', 'asking', 'completed', 'exited', 'failed', 'cancelled')),
  step text,
  visit integer not null,
  entered_at timestamptz not null,
  wake_at timestamptz,
  reason text,
  event_id uuid not null,
  event_name text not null,
  event_at timestamptz not null,
  event jsonb not null,
  vars jsonb not null default '{}',
  steps jsonb not null default '{}',
  started_at timestamptz not null,
  ended_at timestamptz,
  primary key (lane, id),
  check ((ended_at is null) = (status in ('active', 'waiting', 'asking'))),
  check (ended_at is null or wake_at is null)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
create index run_due on run (lane, wake_at) where wake_at is not null;
create index run_live on run (lane, contact_id) where ended_at is null;
create index run_flow on run (flow_id, id);

-- When a contact last entered a flow, by key: what re-entry rules ask, kept after the runs are gone.
create table admission (
  lane smallint not null,
  contact_id uuid not null,
  flow_id uuid not null,
  key text not null default '',
  run_id uuid not null,
  last_at timestamptz not null,
  times integer not null default 1,
  primary key (lane, contact_id, flow_id, key)
);

-- One row per run and pass, with an entry for each step the pass took.
create table trail (
  lane smallint not null,
  run_id uuid not null,
  seq integer not null,
  at timestamptz not null,
  -- json and not jsonb: it is read whole and never searched, and writing it costs a third less.
  entries json not null,
  primary key (lane, run_id, seq, at)
) partition by range (at);

create table outbox (
  lane smallint not null,
  run_id uuid not null,
  visit integer not null,
  ordinal smallint not null,
  kind text not null,
  workspace_id uuid not null,
  contact_id uuid not null,
  flow_id uuid not null,
  version integer not null,
  step text not null,
  message_id uuid,
  data json not null,
  awaited boolean not null,
  attempt integer not null default 0,
  first_due_at timestamptz not null,
  due_at timestamptz not null,
  leased_by uuid,
  answered boolean not null default false,
  answer json,
  primary key (lane, run_id, visit, ordinal)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
create index outbox_due on outbox (lane, kind, due_at) where leased_by is null and not answered;
create index outbox_answered on outbox (lane) where answered;
create index outbox_leased on outbox (leased_by) where leased_by is not null;

create table message (
  lane smallint not null,
  contact_id uuid not null,
  id uuid not null,
  workspace_id uuid not null,
  channel text not null,
  run_id uuid,
  flow_id uuid,
  version integer,
  step text,
  visit integer,
  purpose text not null check (purpose in ('transactional', 'marketing')),
  status text not null check (status in ('queued', 'deferred', 'sent', 'bounced', 'failed', 'held', 'unknown', 'cancelled')),
  class text,
  reason text,
  transport text,
  from_address text,
  to_address text,
  subject text,
  size_bytes integer,
  attempts integer not null default 0,
  created_at timestamptz not null,
  sent_at timestamptz,
  updated_at timestamptz not null,
  primary key (lane, contact_id, id)
) partition by range (id);
create index message_workspace on message (workspace_id, id);

create table message_event (
  lane smallint not null,
  message_id uuid not null,
  id uuid not null,
  workspace_id uuid not null,
  type text not null,
  at timestamptz not null,
  detail jsonb,
  primary key (lane, message_id, id)
) partition by range (id);

create table sandbox_message (
  workspace_id uuid not null,
  id uuid not null,
  from_address text not null,
  to_address text not null,
  subject text not null,
  raw bytea not null,
  received_at timestamptz not null,
  primary key (workspace_id, id)
);

create table suppression (
  workspace_id uuid not null,
  channel text not null,
  address text not null,
  reason text not null,
  source text not null,
  created_at timestamptz not null,
  primary key (workspace_id, channel, address)
);

-- Roll-ups. A pass writes to the first lane it holds, so no two passes meet on a row; reading sums the lanes.
create table counter (
  lane smallint not null,
  workspace_id uuid not null,
  subject uuid not null,
  version integer not null,
  name text not null,
  value bigint not null,
  primary key (lane, workspace_id, subject, version, name)
) with (fillfactor = 50);
create index counter_subject on counter (workspace_id, subject);

create table idempotency (
  workspace_id uuid not null,
  operation text not null,
  key text not null,
  request_hash bytea not null,
  status integer not null,
  response jsonb not null,
  created_at timestamptz not null,
  primary key (workspace_id, operation, key)
);
create index idempotency_age on idempotency (created_at);

-- The smallest UUIDv7 of an instant (RFC 9562, 5.7): the first 48 bits are the milliseconds since 1970.
create function uuid_floor(at timestamptz) returns uuid language sql immutable strict as $$
  select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- The default partitions catch what a wrong clock dates outside of the months there are.
create table event_default partition of event default;
create table event_outcome_default partition of event_outcome default;
create table trail_default partition of trail default;
create table message_default partition of message default;
create table message_event_default partition of message_event default;

-- Makes the partitions of each month from the one of `from_at` to the one of `to_at`. Safe to call at any time and from several processes.
create function ensure_partitions(from_at timestamptz, to_at timestamptz) returns void language plpgsql set timezone = 'UTC' as $$
declare
  parent text;
  month timestamptz;
  part text;
begin
  perform pg_advisory_xact_lock(7283451);
  foreach parent in array array['event', 'event_outcome', 'trail', 'message', 'message_event'] loop
    month := date_trunc('month', from_at at time zone 'UTC') at time zone 'UTC';
    while month <= to_at loop
      part := parent || '_' || to_char(month at time zone 'UTC', 'YYYY_MM');
      if to_regclass(part) is null then
        if parent = 'trail' then
          execute format('create table %I partition of %I for values from (%L) to (%L)', part, parent, month, month + interval '1 month');
        else
          execute format('create table %I partition of %I for values from (%L) to (%L)', part, parent, uuid_floor(month), uuid_floor(month + interval '1 month'));
        end if;
        if parent = 'message' then execute format('alter table %I set (fillfactor = 80)', part); end if;
      end if;
      month := month + interval '1 month';
    end loop;
  end loop;
end $$;
