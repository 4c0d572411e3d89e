import { type BuildOptions, buildSome } from "./build-segment.ts";

export type BuilderOptions = BuildOptions & {
  /** How often to look for segments to build, in milliseconds. */
  everyMs: number;
  /** True while passes have work: the builder then rests as long as it worked. */
  isBusy: () => boolean;
  onError: (error: unknown) => void;
};

/** Builds segments in the background, chunk by chunk, and gives way to passes. What it has done is on disk: another process may go on with it. */
export class SegmentBuilder {
  readonly #options: BuilderOptions;
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> | null = null;
  #isStopped = false;

  constructor(options: BuilderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), this.#options.everyMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer) clearInterval(this.#timer);
    await this.#working;
  }

  #look(): void {
    this.#working ??= this.#work()
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => {
        this.#working = null;
      });
  }

  async #work(): Promise<void> {
    for (;;) {
      const startedAt = performance.now();
      if (this.#isStopped || !(await buildSome(this.#options))) return;
      const restMs = this.#options.isBusy() ? performance.now() - startedAt : 0;
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }
}
