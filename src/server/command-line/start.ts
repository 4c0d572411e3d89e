import { type Logger, pino } from "pino";
import type { Configuration } from "../configuration.ts";
import { createLogger } from "../http/logger.ts";
import { openDatabase } from "../open-database.ts";
import { endWithProcess } from "../process-life.ts";
import type { StartedServer } from "../start.ts";
import { type Command, requireConfiguration, say } from "./command.ts";
import { welcome } from "./welcome.ts";

export const start: Command = {
  name: "start",
  summary: "start the server",
  help: `Starts everything: the database unless DATABASE_URL names one, the engine, the API.
Settings come from environment variables; docs/reference/configuration.md has them all.
Ctrl-C or SIGTERM stops it; what is in hand is finished first.`,
  options: {},
  async run() {
    const configuration = requireConfiguration();
    // To stderr, so that stdout stays for people.
    const logger = createLogger({
      level: configuration.logLevel,
      destination: pino.destination({ fd: 2, sync: true }),
    });
    const life = endWithProcess(logger);
    const starting = startEarly(configuration, logger);
    const server = await Promise.race([starting, life.asked]);
    if (server === undefined) return stopLate(starting);
    say(welcome(server, configuration));
    await life.asked;
    logger.info("Stopping.");
    await server.stop();
    // Something left behind (a slow call, a kept connection) must not hold the process.
    life.exit(0);
    return 0;
  },
};

/** Begins with the database, so that PostgreSQL comes up in its own processes while this one loads the rest of the program. */
async function startEarly(configuration: Configuration, logger: Logger): Promise<StartedServer> {
  const opening = openDatabase(configuration);
  // What goes wrong is heard when it is awaited; until then nobody must take it for a bug.
  opening.catch(() => undefined);
  const { startServer } = await import("../start.ts");
  return startServer(configuration, logger, opening);
}

/** Asked to stop while starting: half a start cannot be stopped, so it is brought to its end first. */
async function stopLate(starting: Promise<StartedServer>): Promise<number> {
  const server = await starting;
  await server.stop();
  return 0;
}
