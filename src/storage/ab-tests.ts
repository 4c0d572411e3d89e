import type { AbFigures } from "../core/flow/ab-test.ts";
import type { Queryable } from "./database.ts";
import { jsonOf, recordset } from "./rows.ts";

export type AbTestRow = {
  workspaceId: string;
  flowId: string;
  step: string;
  startedAt: Date;
  winner: string | null;
  decidedAt: Date | null;
  decidedBy: string | null;
  figures: AbFigures[] | null;
};

export type Participant = {
  lane: number;
  contactId: string;
  flowId: string;
  step: string;
  runId: string;
  workspaceId: string;
  variant: string;
  visit: number;
  at: Date;
};

/**
 * Something by which runs that took part win, unless they have won before: a message that one of them sent after it took the variant, a step
 * that one came to by a later visit, or (with neither) an event, for all runs of the contact that took part before `at`.
 */
export type WinRow = {
  lane: number;
  contactId: string;
  flowId: string;
  step: string;
  messageId: string | null;
  runId: string | null;
  visit: number | null;
  at: Date;
};

type Counted = { lane: number };

/** The tests of a workspace that have begun, of one flow when it is named. */
export async function loadAbTests(
  sql: Queryable,
  { workspaceId, flowId = null }: { workspaceId: string; flowId?: string | null },
): Promise<AbTestRow[]> {
  return sql<AbTestRow[]>`
    select workspace_id as "workspaceId", flow_id as "flowId", step, started_at as "startedAt", winner, decided_at as "decidedAt",
           decided_by as "decidedBy", figures
      from ab_test where workspace_id = ${workspaceId} and (${flowId}::uuid is null or flow_id = ${flowId}) order by flow_id, step`;
}

/** Begins those of these tests that have not begun, and returns the workspaces of those that it began. */
export async function beginAbTests(
  sql: Queryable,
  tests: readonly Pick<AbTestRow, "workspaceId" | "flowId" | "step" | "startedAt">[],
): Promise<string[]> {
  // In one order, for other passes may begin the same tests now.
  const rows = await sql<{ workspaceId: string }[]>`
    with begun as (
      insert into ab_test (workspace_id, flow_id, step, started_at)
      select "workspaceId", "flowId", step, "startedAt"
        from ${recordset(sql, tests, '"workspaceId" uuid, "flowId" uuid, step text, "startedAt" timestamptz')} as t order by 2, 3
      on conflict do nothing returning workspace_id
    ) select distinct workspace_id as "workspaceId" from begun order by 1`;
  return rows.map(({ workspaceId }) => workspaceId);
}

/** Adds runs that take part, each once, and counts them. `lane` is one that the caller holds, so that no two writers meet on a row. */
export async function addParticipants(
  sql: Queryable,
  participants: readonly Participant[],
  { lane }: Counted,
): Promise<void> {
  await sql`
    with added as (
      insert into ab_participant (lane, contact_id, flow_id, step, run_id, workspace_id, variant, visit, at)
      select lane, "contactId", "flowId", step, "runId", "workspaceId", variant, visit, at
        from ${recordset(sql, participants, 'lane smallint, "contactId" uuid, "flowId" uuid, step text, "runId" uuid, "workspaceId" uuid, variant text, visit integer, at timestamptz')} as p
      on conflict do nothing
      returning workspace_id, flow_id, step, variant
    )
    insert into ab_count as c (lane, flow_id, step, variant, workspace_id, participants, wins)
    select ${lane}::smallint, flow_id, step, variant, workspace_id, count(*), 0 from added group by 2, 3, 4, 5
    on conflict (lane, flow_id, step, variant) do update set participants = c.participants + excluded.participants`;
}

export type TestPlace = { lane: number; contactId: string; flowId: string; step: string };
export type OpenParticipant = TestPlace & { runId: string; at: Date; visit: number };

/** The runs of contacts that take part in these tests and have not won, the newest of each contact and test, at most `limit`. */
export async function loadOpenParticipants(
  sql: Queryable,
  tests: readonly TestPlace[],
  limit: number,
): Promise<OpenParticipant[]> {
  return sql<OpenParticipant[]>`
    select k.lane, k."contactId", k."flowId", k.step, p.run_id as "runId", p.at, p.visit
      from ${recordset(sql, tests, 'lane smallint, "contactId" uuid, "flowId" uuid, step text')} as k
     cross join lateral (
       select run_id, at, visit from ab_participant
        where lane = k.lane and contact_id = k."contactId" and flow_id = k."flowId" and step = k.step and won_at is null
        order by run_id desc limit ${limit}) p`;
}

/** Marks the runs that have won, each once, and counts them for their variants; `lane` as in `addParticipants`. */
export async function addWins(sql: Queryable, wins: readonly WinRow[], { lane }: Counted): Promise<void> {
  await sql`
    with won as (
      update ab_participant p set won_at = k.at
        from (
          select k.*, m.run_id as sender, m.visit as sent_visit
            from ${recordset(sql, wins, 'lane smallint, "contactId" uuid, "flowId" uuid, step text, "messageId" uuid, "runId" uuid, visit integer, at timestamptz')} as k
            left join message m on m.lane = k.lane and m.contact_id = k."contactId" and m.id = k."messageId"
        ) k
       where p.lane = k.lane and p.contact_id = k."contactId" and p.flow_id = k."flowId" and p.step = k.step and p.won_at is null
         and case when k."messageId" is not null then p.run_id = k.sender and p.visit < k.sent_visit
                  when k."runId" is not null then p.run_id = k."runId" and p.visit < k.visit
                  else p.at < k.at end
      returning p.workspace_id, p.flow_id, p.step, p.variant
    )
    insert into ab_count as c (lane, flow_id, step, variant, workspace_id, participants, wins)
    select ${lane}::smallint, flow_id, step, variant, workspace_id, 0, count(*) from won group by 2, 3, 4, 5
    on conflict (lane, flow_id, step, variant) do update set wins = c.wins + excluded.wins`;
}

/** How the variants of these flows' tests fare by now. */
export async function readAbFigures(
  sql: Queryable,
  { workspaceId, flowIds }: { workspaceId: string; flowIds: readonly string[] },
): Promise<(AbFigures & { flowId: string; step: string })[]> {
  return sql<(AbFigures & { flowId: string; step: string })[]>`
    select flow_id as "flowId", step, variant, sum(participants)::bigint as participants, sum(wins)::bigint as wins
      from ab_count where workspace_id = ${workspaceId} and flow_id = any(${[...flowIds]}::uuid[])
     group by 1, 2, 3 order by 1, 2, 3`;
}

type Deciding = Pick<AbTestRow, "workspaceId" | "flowId" | "step"> & {
  winner: string;
  figures: readonly AbFigures[];
  by: string;
  now: Date;
};

/** Writes down the winner of a test that has none. False when somebody was first. */
export async function decideAbTest(sql: Queryable, test: Deciding): Promise<boolean> {
  const rows = await sql`
    update ab_test set winner = ${test.winner}, decided_at = ${test.now}, decided_by = ${test.by}, figures = ${jsonOf([...test.figures])}::text::jsonb
     where workspace_id = ${test.workspaceId} and flow_id = ${test.flowId} and step = ${test.step} and winner is null returning 1`;
  return rows.length > 0;
}

/** Sets the winner of a test that a person has chosen, whether or not it has begun or has one. */
export async function setAbWinner(sql: Queryable, test: Deciding): Promise<void> {
  await sql`
    insert into ab_test (workspace_id, flow_id, step, started_at, winner, decided_at, decided_by, figures)
    values (${test.workspaceId}, ${test.flowId}, ${test.step}, ${test.now}, ${test.winner}, ${test.now}, ${test.by}, ${jsonOf([...test.figures])}::text::jsonb)
    on conflict (flow_id, step) do update
       set winner = excluded.winner, decided_at = excluded.decided_at, decided_by = excluded.decided_by, figures = excluded.figures`;
}
