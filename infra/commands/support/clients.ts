// On Node 20 the SDK prints six lines about Node 22, under which the one sentence that matters would be lost.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** How every client of these commands is set: a command answers a person, so it gives up in seconds. */
export const clientOptions = (region: string) => ({
  region,
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
});
