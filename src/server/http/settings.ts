/** What an operator can set about the HTTP side. Times in milliseconds, sizes in bytes. */
export type HttpSettings = {
  /** The address that people and callers reach the server at, such as `https://mail.example.com`; null when it is not known. */
  publicUrl: string | null;
  /** Whether `X-Forwarded-For` and its kind are believed; true only behind a proxy that sets them. */
  trustProxy: boolean;
  bodyLimitBytes: number;
  /** Requests per second and API key; a key may use a whole second's worth at once. */
  rateLimitPerSecond: number;
  /** Wrong API keys per minute and address, before more of them are refused unseen. */
  failedKeysPerMinute: number;
  /** How long a request may take to arrive. */
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
  /** Requests that take longer are logged. */
  slowRequestMs: number;
};

export const defaultHttpSettings: HttpSettings = {
  publicUrl: null,
  trustProxy: false,
  bodyLimitBytes: 5 * 1024 * 1024,
  rateLimitPerSecond: 20_000,
  failedKeysPerMinute: 20,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 72_000,
  slowRequestMs: 1_000,
};
