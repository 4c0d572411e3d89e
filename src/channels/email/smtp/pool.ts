import { type Priority, priorities } from "../../../core/flow/priority.ts";
import type { SmtpSettings } from "../settings.ts";
import { SmtpFailure } from "./failure.ts";
import { openConnection, type SmtpConnection } from "./open.ts";

type Waiter = { priority: Priority; resolve(connection: SmtpConnection): void; reject(failure: SmtpFailure): void };

const backOffMs = 1_000;
const longestBackOffMs = 30_000;

/** Keeps connections to one server: at most `maxConnections`, the last used first, none idle for longer than `idleMs`. */
export class ConnectionPool {
  private readonly settings: SmtpSettings;
  private readonly idle: { connection: SmtpConnection; timer: NodeJS.Timeout }[] = [];
  private readonly waiters: Waiter[] = [];
  private opening = 0;
  private live = 0;
  private failures = 0;
  private closedUntil = 0;
  private lastFailure = new SmtpFailure("connection", "No connection was tried yet.");
  private onEmpty: (() => void) | undefined;
  private isClosed = false;

  constructor(settings: SmtpSettings) {
    this.settings = settings;
  }

  /** A connection for one mail; the urgent ones get it first. Rejects with the last failure when none can be had now; never opens one during the back-off. */
  acquire(priority: Priority = priorities.normal): Promise<SmtpConnection> {
    return new Promise((resolve, reject) => {
      const behind = this.waiters.findLastIndex((waiter) => waiter.priority <= priority);
      this.waiters.splice(behind + 1, 0, { priority, resolve, reject });
      this.serve();
    });
  }

  /** Takes a connection back after a mail. `isReusable` false closes it. */
  release(connection: SmtpConnection, isReusable: boolean): void {
    const { wire } = connection;
    const isWorn = connection.delivered >= this.settings.maxMessagesPerConnection;
    if (!isReusable || isWorn || wire.failure || wire.hasUnread || (this.isClosed && this.waiters.length === 0))
      this.drop(connection);
    else this.keep(connection);
    this.serve();
  }

  /** Closes idle connections at once and the others after their mail; resolves when all are gone. */
  close(): Promise<void> {
    this.isClosed = true;
    this.lastFailure = new SmtpFailure("connection", "The transport is closed.");
    for (const { connection, timer } of this.idle.splice(0)) {
      clearTimeout(timer);
      this.drop(connection);
    }
    this.serve();
    if (this.live + this.opening === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.onEmpty = resolve;
    });
  }

  private serve(): void {
    while (this.waiters.length > 0) {
      const kept = this.idle.pop();
      if (!kept) break;
      clearTimeout(kept.timer);
      kept.connection.wire.onDisturbed = undefined;
      this.waiters.shift()?.resolve(kept.connection);
    }
    const mayOpen = !this.isClosed && performance.now() >= this.closedUntil;
    while (mayOpen && this.opening < this.waiters.length && this.live + this.opening < this.settings.maxConnections)
      this.open();
    if (this.live + this.opening > 0) return;
    for (const waiter of this.waiters.splice(0)) waiter.reject(this.lastFailure);
    if (this.isClosed) this.onEmpty?.();
  }

  private open(): void {
    this.opening += 1;
    openConnection(this.settings).then(
      (connection) => this.welcome(connection),
      (error: unknown) => this.backOff(error),
    );
  }

  private welcome(connection: SmtpConnection): void {
    this.opening -= 1;
    this.live += 1;
    this.failures = 0;
    if (this.isClosed && this.waiters.length === 0) this.drop(connection);
    else this.keep(connection);
    this.serve();
  }

  /** After a failed connection none is opened for 1, 2, 4 ... 30 s; mails go on over those that live, or are deferred. */
  private backOff(error: unknown): void {
    this.opening -= 1;
    this.lastFailure =
      error instanceof SmtpFailure ? error : new SmtpFailure("connection", String(error), { cause: error });
    this.closedUntil = performance.now() + Math.min(backOffMs * 2 ** this.failures, longestBackOffMs);
    this.failures += 1;
    this.serve();
  }

  private keep(connection: SmtpConnection): void {
    const timer = setTimeout(() => this.forget(connection), this.settings.timeouts.idleMs);
    timer.unref();
    connection.wire.onDisturbed = () => this.forget(connection);
    this.idle.push({ connection, timer });
  }

  /** Closes an idle connection: its time is over, or the server said or ended something. */
  private forget(connection: SmtpConnection): void {
    const index = this.idle.findIndex((kept) => kept.connection === connection);
    if (index < 0) return;
    for (const { timer } of this.idle.splice(index, 1)) clearTimeout(timer);
    this.drop(connection);
    this.serve();
  }

  private drop(connection: SmtpConnection): void {
    this.live -= 1;
    connection.wire.quit();
  }
}
