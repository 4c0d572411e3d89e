import type { Logger } from "pino";

export type ProcessLife = {
  /** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once. */
  asked: Promise<undefined>;
  /** Ends the process, whatever still runs. */
  exit(code: number): void;
};

/** Ties the process to its signals, and to its bugs: one that nobody caught is logged and ends it with code 1. */
export function endWithProcess(logger: Logger): ProcessLife {
  const crash = (error: unknown) => {
    logger.fatal({ err: error }, "A bug that nobody caught; the process ends. What was acknowledged is on disk.");
    process.exit(1);
  };
  process.on("unhandledRejection", crash);
  process.on("uncaughtException", crash);
  const asked = new Promise<undefined>((resolve) => {
    let isAsked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (isAsked) process.exit(signal === "SIGINT" ? 130 : 143);
      isAsked = true;
      resolve(undefined);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
  return { asked, exit: (code) => process.exit(code) };
}
