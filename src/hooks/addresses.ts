/**
 * Which addresses a webhook may be at. A name in a policy file can lead anywhere, today or tomorrow: to the worker's own
 * loopback, into the private network, or to the metadata service that hands out the worker's credentials.
 *
 * The one rule: an address is allowed because it is known to be public, or private and listed by name; everything
 * else is refused, and so is a name one of whose addresses is refused.
 */
import { BlockList, isIP } from 'node:net';

type Network = readonly [address: string, prefix: number, kind: string];

const LOOPBACK: readonly Network[] = [
  ['127.0.0.0', 8, 'a loopback address'],
  ['::1', 128, 'a loopback address'],
];

/** May be allowed, network by network. */
const PRIVATE: readonly Network[] = [
  ['10.0.0.0', 8, 'a private address'],
  ['172.16.0.0', 12, 'a private address'],
  ['192.168.0.0', 16, 'a private address'],
  ['fc00::', 7, 'a private address'],
];

/** Never allowed (IANA's special-purpose registries, and ECS's own). */
const REFUSED: readonly Network[] = [
  ['100.100.100.200', 32, "the cloud's metadata address"],
  ['169.254.0.0', 16, 'a link-local address'],
  ['100.64.0.0', 10, 'a carrier-grade NAT address (100.64.0.0/10)'],
  ['0.0.0.0', 8, 'an address of this network (0.0.0.0/8)'],
  ['192.0.0.0', 24, 'a reserved address'],
  ['192.0.2.0', 24, 'a documentation address'],
  ['192.88.99.0', 24, 'a reserved address'],
  ['198.18.0.0', 15, 'a benchmarking address'],
  ['198.51.100.0', 24, 'a documentation address'],
  ['203.0.113.0', 24, 'a documentation address'],
  ['224.0.0.0', 4, 'a multicast address'],
  ['240.0.0.0', 4, 'a reserved address'],
  ['fe80::', 10, 'a link-local address'],
  ['fec0::', 10, 'a site-local address'],
  ['ff00::', 8, 'a multicast address'],
  ['100::', 64, 'a discard address'],
  ['2001::', 23, 'a reserved address'],
  ['2001:db8::', 32, 'a documentation address'],
  ['3fff::', 20, 'a documentation address'],
  ['5f00::', 16, 'a reserved address'],
  // These carry an IPv4 address inside, which would slip through the rows above.
  ['::', 96, 'an IPv4-compatible or unspecified address'],
  ['::ffff:0:0', 96, 'an IPv4-mapped address'],
  ['64:ff9b::', 96, 'an address translated to IPv4'],
  ['64:ff9b:1::', 48, 'an address translated to IPv4'],
  ['2002::', 16, 'a 6to4 address'],
];

/** Everything public of IPv6 lies here. */
const GLOBAL_IPV6 = listOf([['2000::', 3, '']]);

function listOf(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of networks) list.addSubnet(address, prefix, familyOf(address));
  return list;
}

const BY_KIND = (networks: readonly Network[]): { kind: string; network: Network; list: BlockList }[] =>
  networks.map((network) => ({ kind: network[2], network, list: listOf([network]) }));

const loopback = BY_KIND(LOOPBACK);
const privates = BY_KIND(PRIVATE);
const refused = BY_KIND(REFUSED);

/** What may be allowed beside public addresses. */
export interface Allowance {
  /** Loopback: in simulation only. */
  loopback: boolean;
  /** Private networks, as `10.20.0.0/16`. What is not private cannot be allowed here. */
  networks: readonly string[];
}

/** Why a webhook may not be at this address; `undefined` where it may. */
export function addressRefusal(address: string, allowed: Allowance): string | undefined {
  if (isIP(address) === 0) return 'is not an IP address';
  const kindIn = (rows: ReturnType<typeof BY_KIND>): string | undefined =>
    rows.find(
      ({ network, list }) => sameFamily(network[0], address) && list.check(address, familyOf(address)),
    )?.kind;
  const isLoopback = kindIn(loopback);
  if (isLoopback !== undefined) {
    return allowed.loopback ? undefined : `is ${isLoopback}; those are for the simulation only`;
  }
  const isPrivate = kindIn(privates);
  if (isPrivate !== undefined) {
    return isListed(address, allowed.networks)
      ? undefined
      : `is ${isPrivate} that the hook does not list; add its network to allowPrivate`;
  }
  const why = kindIn(refused);
  if (why !== undefined) return `is ${why}`;
  const isGlobal = isIP(address) === 4 || GLOBAL_IPV6.check(address, 'ipv6');
  return isGlobal ? undefined : 'is not a public address';
}

function isListed(address: string, networks: readonly string[]): boolean {
  return networks.some((network) => {
    const [base = '', prefix = ''] = network.split('/');
    const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (isIP(base) === 0 || !sameFamily(base, address)) return false;
    if (bits < 0 || bits > (isIP(base) === 4 ? 32 : 128)) return false;
    return listOf([[base, bits, '']]).check(address, familyOf(address));
  });
}

function sameFamily(left: string, right: string): boolean {
  return isIP(left) === isIP(right);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
