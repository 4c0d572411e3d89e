-- A/B tests in flows: how far they are, who took which variant, and how the variants fare.

create table ab_test (
  workspace_id uuid not null,
  flow_id uuid not null references flow on delete cascade,
  step text not null,
  started_at timestamptz not null,
  winner text,
  decided_at timestamptz,
  decided_by text,
  -- Participants and wins by variant, as they were when the winner was decided.
  figures jsonb,
  primary key (flow_id, step),
  check ((winner is null) = (decided_at is null) and (winner is null) = (decided_by is null))
);
create index ab_test_workspace on ab_test (workspace_id);

-- A run that took a variant while the test was open. It outlives the run, for a mail may be opened after the run has ended.
create table ab_participant (
  lane smallint not null,
  contact_id uuid not null,
  flow_id uuid not null,
  step text not null,
  run_id uuid not null,
  workspace_id uuid not null,
  variant text not null,
  visit integer not null,
  at timestamptz not null,
  won_at timestamptz,
  primary key (lane, contact_id, flow_id, step, run_id)
);

create table ab_count (
  lane smallint not null,
  flow_id uuid not null,
  step text not null,
  variant text not null,
  workspace_id uuid not null,
  participants bigint not null,
  wins bigint not null,
  primary key (lane, flow_id, step, variant)
) with (fillfactor = 50);
create index ab_count_flow on ab_count (flow_id, step);
