import type { FastifyInstance } from "fastify";
import { AppError } from "../../core/errors.ts";

/** What `/readyz` asks: null when all is well, otherwise one sentence that says what is missing. */
export type ReadinessCheck = () => Promise<string | null>;

const patienceMs = 2_000;

/** `/healthz`: the process answers. `/readyz`: it can do its work; 503 with the reason while it cannot. */
export function serveHealth(app: FastifyInstance, check: ReadinessCheck): void {
  app.get("/healthz", { schema: { hide: true } }, async () => ({ status: "ok" }));
  app.get("/readyz", { schema: { hide: true } }, async () => {
    const problem = await withPatience(check);
    if (problem !== null) throw new AppError("unavailable", problem, { retryAfterSeconds: 1 });
    return { status: "ready" };
  });
}

async function withPatience(check: ReadinessCheck): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, patienceMs, "The database does not answer.");
  });
  try {
    return await Promise.race([check().catch(() => "The database cannot be reached."), late]);
  } finally {
    clearTimeout(timer);
  }
}
