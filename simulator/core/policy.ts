/**
 * Permissions in the form of a RAM policy. The rule: an explicit Deny wins, and what no statement allows is
 * refused with the action's name in the answer.
 */
import { z } from 'zod';
import { EcsError } from './errors';
import { fitsWildcard } from './wildcard';

const oneOrMore = z.union([z.string(), z.array(z.string())]);

/** The shape of a policy document. Resources are accepted and, as for most ECS lists, not narrowed. */
export const policySchema = z.object({
  Version: z.string(),
  Statement: z.array(
    z.object({
      Effect: z.enum(['Allow', 'Deny']),
      Action: oneOrMore,
      Resource: oneOrMore.optional(),
      Condition: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

/** A policy document. */
export type Policy = z.infer<typeof policySchema>;

/** Throws `Forbidden.RAM` when the policy does not allow the action. */
export function authorize(policy: Policy | undefined, action: string, product = 'ecs'): void {
  if (!policy) return;
  const name = `${product}:${action}`;
  const names = (entry: Policy['Statement'][number]): boolean =>
    [entry.Action].flat().some((p) => fitsWildcard(p.toLowerCase(), name.toLowerCase()));
  const hits = policy.Statement.filter(names);
  const denied = hits.some((entry) => entry.Effect === 'Deny');
  if (!denied && hits.some((entry) => entry.Effect === 'Allow')) return;
  throw new EcsError(
    403,
    'Forbidden.RAM',
    "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    {
      AccessDeniedDetail: {
        AuthAction: name,
        AuthPrincipalType: 'SubUser',
        AuthPrincipalDisplayName: 'simulated-user',
        AuthPrincipalOwnerId: '1234567890123456',
        NoPermissionType: denied ? 'ExplicitDeny' : 'ImplicitDeny',
        PolicyType: 'AccountLevelIdentityBasedPolicy',
      },
    },
  );
}
