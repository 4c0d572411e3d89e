-- Contacts that were handed over all at once, and are taken in by a job (its id is the import's), in the order of their rows.
create table contact_import (
  job_id uuid primary key references job on delete cascade,
  workspace_id uuid not null references workspace,
  number bigint generated always as identity unique,
  list_id uuid not null,
  total int not null check (total > 0),
  -- Called when the import has ended; tried from `notify_at` on until that is null.
  notification_link text,
  notify_at timestamptz check (notify_at is null or notification_link is not null),
  notify_attempt smallint not null default 0
);
create index contact_import_workspace on contact_import (workspace_id, number);
create index contact_import_notify on contact_import (notify_at) where notify_at is not null;

-- Rows go as they are taken in.
create table import_row (
  job_id uuid not null references contact_import on delete cascade,
  ordinal int not null,
  fields jsonb not null,
  primary key (job_id, ordinal)
);

create index job_ended_import on job (ended_at) where kind = 'import' and ended_at is not null;
