import { curlSample } from "./curl.ts";
import { javascriptSample, typescriptSample } from "./javascript.ts";
import { phpSample } from "./php.ts";
import { pythonSample, requestsSample } from "./python.ts";
import type { SampleRequest } from "./sample-request.ts";

/** One call in every language that we have samples for. */
export type SampleCode = {
  curl: string;
  javascript: string;
  typescript: string;
  python: string;
  pythonStandardLibrary: string;
  php: string;
};

/** Programs that make the call, ready to run. */
export function sampleCode(request: SampleRequest): SampleCode {
  return {
    curl: curlSample(request),
    javascript: javascriptSample(request),
    typescript: typescriptSample(request),
    python: requestsSample(request),
    pythonStandardLibrary: pythonSample(request),
    php: phpSample(request),
  };
}
