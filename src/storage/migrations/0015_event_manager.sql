-- The event manager: what events of a workspace are called, what they carry, and the token of the address that takes them without a key.
create table event_definition (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  -- Small, and the same for ever, for the APIs that know events by number.
  number bigint generated always as identity unique,
  name text not null check (length(name) between 1 and 128),
  token text not null check (token ~ '^[0-9a-f]{32}$'),
  -- The number in the address beside the token; null: that of the workspace.
  account bigint check (account > 0),
  variables jsonb not null default '[]' check (jsonb_typeof(variables) = 'array'),
  -- The variables are taken from the first call, which has not come yet.
  learns boolean not null,
  -- The log shows only what came later.
  log_cleared_at timestamptz,
  -- Up to this event, what is known of the clients was taken out of the events that the log shows no more.
  log_erased_to uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (workspace_id, name)
);
-- By its hash, so that how long a look takes says nothing about a token.
create unique index event_definition_token on event_definition (sha256(decode(token, 'hex')));
create index event_definition_page on event_definition (workspace_id, id);
-- Those whose cleared log is still to be erased: few, and asked for again and again.
create index event_definition_cleared on event_definition (id) where log_cleared_at is not null;
