import type { FastifyInstance } from "fastify";
import { AppError } from "../../core/errors.ts";
import { type Automation, getAutomation, listAutomations, listFlowConversions } from "../../operations/automations.ts";
import type { DoorContext } from "../door.ts";
import { elementsOf, statsOf, totalsOf } from "./automation-stats.ts";
import { elementIds, flowOfElement, mainTriggerId } from "./element-ids.ts";
import { readParameters } from "./parameters.ts";
import { hidden, readPage, showDate } from "./values.ts";

type ById = { Params: { id: string } };
type ByElement = { Params: { kind: string; element: string } };

/** Automation 360: our flows by their numbers, with what their roll-ups say. */
export function serveAutomations(app: FastifyInstance, context: DoorContext): void {
  serveFlows(app, context);
  serveStats(app, context);
  serveConversions(app, context);
}

function serveFlows(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/a360/autoresponders/list", hidden, async (request) => {
    const page = readPage(await readParameters(request));
    const flows = await listAutomations(platform, callerOf(request), page);
    return { data: flows.map(showFlow) };
  });
  app.get<ById>("/a360/autoresponders/:id", hidden, async (request) => {
    const automation = await getAutomation(platform, callerOf(request), request.params.id);
    const { flow } = automation;
    const flows = elementsOf(automation).map(({ id, type, title }) => ({
      ...{ id, main_id: flow.number, af_type: type, created: showDate(flow.createdAt), last_send: null },
      task: type === "email" ? { id, name: title } : null,
    }));
    return { autoresponder: showFlow(flow), flows, ...totalsOf(automation) };
  });
}

function serveStats(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get<ById>("/a360/autoresponders/:id/total-stats", hidden, async (request) => {
    const { flow_type: type } = await readParameters(request);
    const automation = await getAutomation(platform, callerOf(request), request.params.id);
    const elements = elementsOf(automation).filter(
      (one) => typeof type !== "string" || type === "" || one.type === type,
    );
    return { data: elements.map((element) => ({ af_type: element.type, ...statsOf(automation, element) })) };
  });
  app.get<ByElement>("/a360/stats/:kind/:element/group-stat", hidden, async (request) => {
    const { kind, element: id } = request.params;
    const flow = flowOfElement(id);
    if (flow === null) throw noElement();
    const automation = await getAutomation(platform, callerOf(request), String(flow));
    const type = kind.replaceAll("-", "");
    const element = elementsOf(automation).find((one) => one.id === Number(id) && one.type === type);
    if (!element) throw noElement();
    return { data: statsOf(automation, element) };
  });
}

function serveConversions(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get<ById>("/a360/autoresponders/:id/conversions", hidden, async (request) => {
    const automation = await getAutomation(platform, callerOf(request), request.params.id);
    const ids = goalIds(automation);
    const goals = Object.entries(automation.goals).map(([name, conversions]) => ({ id: ids(name), name, conversions }));
    const total = totalsOf(automation).conversions;
    return {
      data: {
        ...{ total_conversions: total, maintrigger_conversions: 0, goal_conversions: total },
        ...{ maintrigger: { id: mainTriggerId(automation.flow.number), conversions: 0 }, goals },
      },
    };
  });
  app.get<ById>("/a360/autoresponders/:id/conversions/list/all", hidden, async (request) => {
    const page = readPage(await readParameters(request));
    const caller = callerOf(request);
    const automation = await getAutomation(platform, caller, request.params.id);
    const ids = goalIds(automation);
    const found = await listFlowConversions(platform, caller, { ref: request.params.id, ...page });
    const items = found.map(({ goal, at, startedAt, email, phone }, index) => ({
      ...{ id: page.offset + index + 1, conversion_type: "goal", flow_id: ids(goal), email, phone },
      ...{ conversion_date: showDate(at), start_date: startedAt && showDate(startedAt) },
    }));
    return { total: totalsOf(automation).conversions, items };
  });
}

/** The numbers of goals: of their steps, or of their names where the flow itself has the goal. */
function goalIds({ flow, steps, goals }: Automation): (name: string) => number {
  const ids = elementIds(flow.number, [...new Set([...steps.map(({ name }) => name), ...Object.keys(goals)])]);
  return (name) => ids.get(name) ?? 0;
}

/** SendPulse has numbers for the states of a flow: 1 is active. */
function showFlow({ number, name, status, createdAt, updatedAt }: Automation["flow"]) {
  const isActive = status === "active" ? 1 : 0;
  return { id: number, name, status: isActive, created: showDate(createdAt), changed: showDate(updatedAt) };
}

function noElement(): AppError {
  return new AppError("flow_not_found", "There is no such element of an automation.");
}
