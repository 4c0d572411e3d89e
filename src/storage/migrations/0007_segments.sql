-- Segments: saved conditions over contacts, and who is in them by now.

create table segment (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  name text not null check (name <> ''),
  description text not null default '',
  definition jsonb not null,
  revision integer not null default 1 check (revision > 0),
  -- removing: nobody sees it any more, and its members are being taken out.
  state text not null check (state in ('building', 'ready', 'removing')),
  -- By the clock and the count of transactions of the server: a build waits for writers that did not know of the definition.
  defined_at timestamptz not null default clock_timestamp(),
  defined_in xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index segment_name on segment (workspace_id, name) where state <> 'removing';

-- Written only by whoever holds the lane.
create table segment_member (
  lane smallint not null,
  contact_id uuid not null,
  segment_id uuid not null,
  workspace_id uuid not null,
  entered_at timestamptz not null,
  primary key (lane, contact_id, segment_id)
);
create index segment_member_segment on segment_member (segment_id, contact_id);

-- When time alone may change a segment of the contact: never later than that, at times earlier.
create table contact_check (
  lane smallint not null,
  contact_id uuid not null,
  workspace_id uuid not null,
  due_at timestamptz not null,
  primary key (lane, contact_id)
);
create index contact_check_due on contact_check (lane, due_at);

-- The lanes in which a definition has still to be compared with the members, each with the last contact that was looked at.
create table segment_build (
  segment_id uuid not null references segment on delete cascade,
  lane smallint not null,
  after uuid not null default '00000000-0000-0000-0000-000000000000',
  primary key (segment_id, lane)
);

-- Flows in a row that led to the change, as events have it.
alter table event_queue add column depth smallint not null default 0;
