// The service's API: every answer is JSON or an ApiError that says what is wrong.

/** A problem document, or a service that can't be reached. */
class ApiError extends Error {
  constructor(status, title, detail) {
    super(detail || title);
    this.status = status;
    this.title = title;
  }
}

// The key is kept for this tab only, and never written anywhere that outlives it.
const KEY = "segmenter-key";
let askForKey = async () => null;

/** Who is asked for a key when the service wants one; gives it, or null. */
export function onKeyWanted(ask) {
  askForKey = ask;
}

/** GET. */
export function get(path) {
  return request("GET", path);
}

/** POST, with a JSON body where there is one. */
export function post(path, value) {
  return request("POST", path, value);
}

/** GET of plain text. */
export async function getText(path) {
  return (await send("GET", path)).text();
}

async function request(method, path, value) {
  const response = await send(method, path, value);
  return response.status === 204 ? null : response.json();
}

async function send(method, path, value) {
  for (;;) {
    const key = sessionStorage.getItem(KEY);
    const response = await reached(method, path, value, key);
    if (response.ok) return response;
    const error = await told(response);
    if (response.status !== 401) throw error;
    sessionStorage.removeItem(KEY);
    const given = await askForKey(key === null ? "" : error.message);
    if (!given) throw error;
    sessionStorage.setItem(KEY, given);
  }
}

async function reached(method, path, value, key) {
  const headers = { Accept: "application/json" };
  if (value !== undefined) headers["Content-Type"] = "application/json";
  if (key !== null) headers.Authorization = `Bearer ${key}`;
  const body = value === undefined ? undefined : JSON.stringify(value);
  try {
    return await fetch(path, { method, headers, body, cache: "no-store", credentials: "omit" });
  } catch {
    throw new ApiError(0, "No answer", "The service does not answer. Is it still running?");
  }
}

async function told(response) {
  try {
    const problem = await response.json();
    return new ApiError(response.status, problem.title, problem.detail);
  } catch {
    return new ApiError(response.status, `Error ${response.status}`, response.statusText);
  }
}
