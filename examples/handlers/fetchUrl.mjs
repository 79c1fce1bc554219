/**
 * Calls a URL and returns its JSON or text; says which failures another attempt may mend, and when.
 *
 *   payload: {"url": "https://example.org/data", "method": "GET", "body": {…}}
 *   result:  {"status": 200, "body": …}
 */
const failed = (message, fields) => Object.assign(new Error(message), fields);

/** Seconds of a Retry-After header: a number, or a date. */
const secondsOf = (header) => {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
};

export default async ({ task, payload: { url, method = 'GET', body }, signal }) => {
  const response = await fetch(url, {
    method,
    signal,
    // The same in each attempt: the other side may have done its part in one that failed.
    headers: { 'content-type': 'application/json', 'idempotency-key': task.taskId },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw failed(`${url} answered ${response.status}`, {
      code: `HTTP_${response.status}`,
      // The request itself is wrong: it will be wrong again.
      retryable: response.status >= 500 || response.status === 429 || response.status === 408,
      retryAfterSeconds: secondsOf(response.headers.get('retry-after')),
    });
  }
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
};
