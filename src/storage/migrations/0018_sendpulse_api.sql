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
