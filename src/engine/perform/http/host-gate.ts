import { type Priority, priorities } from "../../../core/flow/priority.ts";

type Waiting = { priority: Priority; enter: (entered: boolean) => void; timer: NodeJS.Timeout };
type Host = { active: number; queue: Waiting[] };

export type HostGateOptions = { maxActive: number; maxQueued: number; maxWaitMs: number };
export type HostGate = {
  /** Waits for a place; false when the queue is full or no place came free within `maxWaitMs`. */
  enter(host: string, priority?: Priority): boolean | Promise<boolean>;
  /** Gives the place back. Every `enter` that came out true needs exactly one. */
  leave(host: string): void;
};

export const hostGateDefaults: HostGateOptions = { maxActive: 64, maxQueued: 1000, maxWaitMs: 10_000 };

/** Lets at most `maxActive` calls to one host run at a time; the next `maxQueued` wait in order, the urgent ones first. */
export function createHostGate(options: HostGateOptions = hostGateDefaults): HostGate {
  const hosts = new Map<string, Host>();
  return {
    enter(name, priority = priorities.normal) {
      const host = hosts.get(name) ?? { active: 0, queue: [] };
      hosts.set(name, host);
      if (host.active < options.maxActive) {
        host.active += 1;
        return true;
      }
      return host.queue.length < options.maxQueued && waitInQueue(host, { priority, maxWaitMs: options.maxWaitMs });
    },
    leave(name) {
      const host = hosts.get(name);
      if (!host) return;
      const next = host.queue.shift();
      if (next) {
        // The place passes on: `active` stays as it is.
        clearTimeout(next.timer);
        next.enter(true);
        return;
      }
      host.active -= 1;
      if (host.active === 0) hosts.delete(name);
    },
  };
}

function waitInQueue(host: Host, { priority, maxWaitMs }: { priority: Priority; maxWaitMs: number }): Promise<boolean> {
  return new Promise((enter) => {
    const giveUp = () => {
      host.queue = host.queue.filter((other) => other !== waiting);
      enter(false);
    };
    const waiting: Waiting = { priority, enter, timer: setTimeout(giveUp, maxWaitMs) };
    const behind = host.queue.findLastIndex((other) => other.priority <= priority);
    host.queue.splice(behind + 1, 0, waiting);
  });
}
