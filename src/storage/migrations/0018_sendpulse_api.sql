-- What mails say that no flow asked for: one row for all recipients of a call, for as long as one of them waits in the outbox.
-- `lanes` and `message_ids` belong together; the effect of such a message has the message's id as its run.
create table mail_content (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  content json not null,
  lanes smallint[] not null,
  message_ids uuid[] not null,
  created_at timestamptz not null,
  check (cardinality(lanes) = cardinality(message_ids))
);
-- For finding what is old enough to be looked at, and removed.
create index mail_content_age on mail_content (created_at);

-- Mails that no flow asked for are listed by themselves, among many more that flows ask for.
create index message_own on message (workspace_id, id) where run_id is null;

-- The conversions of a flow, the newest first.
create index conversion_flow on conversion (flow_id, at);

-- Suppressions are listed by their age.
create index suppression_age on suppression (workspace_id, channel, created_at, address);
