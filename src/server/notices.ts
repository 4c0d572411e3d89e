import { laneCount } from "../core/id.ts";
import type { Sql } from "../storage/database.ts";
import { listenToNotices, sendNotice } from "../storage/notices.ts";

/** Work that another process may do: lanes to pass over, and (`outbox`) effects in the outbox and what is done in the background. */
export type RemoteWork = { lanes: Iterable<number>; outbox: boolean };

export type NoticesOptions = {
  sql: Sql;
  /** This process, so that it does not hear itself. */
  sender: string;
  /** Null: this process sends and does not listen. */
  onWork: ((work: { lanes: number[]; outbox: boolean }) => void) | null;
  onError: (error: unknown) => void;
};

export type Notices = {
  /** Tells the other processes. What comes within a few milliseconds goes out as one notice. */
  send(work: RemoteWork): void;
  /** Sends what is left and stops listening. */
  close(): Promise<void>;
};

/** At most one notice in this time: each takes a lock that all senders of the database share while they commit. */
const gatherMs = 5;
const allLanes = (1n << BigInt(laneCount)) - 1n;

/**
 * Tells other processes on the same database of work, and hears of theirs. A lost notice costs time only: every engine sweeps all lanes,
 * and whoever listens anew after a broken connection looks at everything.
 */
export async function openNotices({ sql, sender, onWork, onError }: NoticesOptions): Promise<Notices> {
  const outgoing = createOutgoing({ sql, sender, onError });
  const end = onWork ? await listenToNotices(sql, { onNotice, onListening }) : async () => undefined;
  return {
    send: outgoing.add,
    async close() {
      await end();
      await outgoing.flush();
    },
  };

  function onNotice(text: string): void {
    const notice = readNotice(text);
    if (notice && notice.sender !== sender) onWork?.({ lanes: lanesOf(notice.mask), outbox: notice.outbox });
  }

  function onListening(): void {
    onWork?.({ lanes: lanesOf(allLanes), outbox: true });
  }
}

function createOutgoing({ sql, sender, onError }: Pick<NoticesOptions, "sql" | "sender" | "onError">) {
  let mask = 0n;
  let outbox = false;
  let timer: NodeJS.Timeout | null = null;
  let sending: Promise<void> = Promise.resolve();
  return { add, flush };

  function add(work: RemoteWork): void {
    for (const lane of work.lanes) mask |= 1n << BigInt(lane);
    outbox ||= work.outbox;
    if (mask !== 0n || outbox) timer ??= setTimeout(() => void flush(), gatherMs);
  }

  /** One after the other, so that a slow database gets few large notices and not many waiting ones. */
  function flush(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    sending = sending.then(send).catch(onError);
    return sending;
  }

  async function send(): Promise<void> {
    if (mask === 0n && !outbox) return;
    const text = writeNotice({ sender, mask, outbox });
    mask = 0n;
    outbox = false;
    await sendNotice(sql, text);
  }
}

type Notice = { sender: string; mask: bigint; outbox: boolean };

function writeNotice({ sender, mask, outbox }: Notice): string {
  return `${sender} ${mask.toString(16)} ${outbox ? 1 : 0}`;
}

/** Null for what is no notice of ours: anyone with access to the database can send on the channel. */
function readNotice(text: string): Notice | null {
  const match = /^(\S{1,64}) ([0-9a-f]{1,16}) ([01])$/.exec(text);
  if (!match) return null;
  return { sender: match[1] ?? "", mask: BigInt(`0x${match[2]}`), outbox: match[3] === "1" };
}

function lanesOf(mask: bigint): number[] {
  return Array.from({ length: laneCount }, (_, lane) => lane).filter((lane) => (mask >> BigInt(lane)) & 1n);
}
