-- How often identities were taken from contacts of a workspace (deleted, or given to another contact); no row: never. Who remembers an owner
-- together with the revision as of which that was so needs to look at one row to know that it is still so. Counted by a trigger, so that
-- processes of the version before count too.
create table identity_revision (
  workspace_id uuid primary key,
  revision bigint not null
);

create function staffetta_count_taken_identities() returns trigger
  language plpgsql as $$
begin
  insert into identity_revision (workspace_id, revision)
  select distinct workspace_id, 1 from taken order by workspace_id
  on conflict (workspace_id) do update set revision = identity_revision.revision + 1;
  return null;
end
$$;

create trigger contact_identity_deleted after delete on contact_identity
  referencing old table as taken for each statement execute function staffetta_count_taken_identities();
create trigger contact_identity_moved after update on contact_identity
  referencing old table as taken for each statement execute function staffetta_count_taken_identities();
