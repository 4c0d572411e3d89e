-- Small numbers: the APIs of other systems know accounts, lists and segments by number.
alter table workspace add column number bigint generated always as identity unique;
alter table list add column number bigint generated always as identity unique;
alter table segment add column number bigint generated always as identity unique;

-- Hash of the session key that Emailchef's log-in hands out: made from the API key, so there is one for each.
alter table api_key add column authkey_hash bytea unique check (length(authkey_hash) = 32);
