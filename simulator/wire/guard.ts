/**
 * Keeps web pages and foreign names away from loopback ports. The rule: the Host must be a loopback name and an
 * Origin, where there is one, must be the very host that is addressed.
 */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The reason to refuse a request, or undefined. */
export function refusalOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): string | undefined {
  const host = String(headers['host'] ?? '');
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (!LOOPBACK.has(name)) return 'This host name is not served: the simulator answers on loopback only.';
  const origin = headers['origin'];
  if (origin !== undefined && origin !== `http://${host}`) return 'Requests from web pages are refused.';
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'Requests from web pages are refused.';
  return undefined;
}
