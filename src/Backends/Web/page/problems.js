// Says in plain words what went wrong and what to do. Everything here returns { key, values } for show().

/** The https address that this page would have. */
export function secureAddress() {
  const port = ['', '80', '443'].includes(location.port) ? '' : ':5443';
  return `https://${location.hostname}${port}${location.pathname}`;
}

/** Why the microphone or the camera cannot be used at all, or null. */
export function deviceObstacle() {
  if (!window.isSecureContext) return { key: 'insecure', values: { url: secureAddress() } };
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder || !window.AudioWorkletNode) return { key: 'oldBrowser', values: {} };
  return null;
}

/** What getUserMedia, fetch or anything else threw. */
export function explain(error) {
  switch (error?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return { key: 'denied', values: {} };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { key: 'noDevice', values: {} };
    case 'NotReadableError':
    case 'AbortError':
      return { key: 'deviceBusy', values: {} };
    case 'TimeoutError':
      return { key: 'slow', values: {} };
    case 'TypeError':
      return { key: 'offline', values: {} };
    default:
      return error?.key ? error : { key: 'unknown', values: { reason: error?.message ?? String(error) } };
  }
}

/** What an answer that is no success says. */
export async function explainResponse(response) {
  const reason = await reasonIn(response);
  if (response.status === 413) return { key: 'tooLarge', values: {} };
  if (reason) return { key: 'refused', values: { reason } };
  if (response.status === 404) return { key: 'notRouted', values: { url: response.url } };
  if ([502, 503, 504].includes(response.status)) return { key: 'unreachable', values: { status: response.status } };
  return { key: 'unknown', values: { reason: `HTTP ${response.status}` } };
}

// The services say {error, details, suggestion}. The gateway's own errors (problem+json, HTML) have no "error".
async function reasonIn(response) {
  try {
    const { error, details, suggestion } = JSON.parse(await response.text());
    return error ? [error, details, suggestion].filter(part => typeof part === 'string').join('\n') : null;
  } catch {
    return null;
  }
}

const closeCodes = [1000, 1001, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 1014];

/** What the end of a socket means. */
export function explainClose(event, wasOpen) {
  if (!wasOpen && event.code === 1006) return { key: 'neverOpened', values: {} };
  const meaning = { key: closeCodes.includes(event.code) ? `close${event.code}` : 'closeOther' };
  return { key: 'closed', values: { code: event.code, meaning, reason: event.reason ? ` (${event.reason})` : '' } };
}
