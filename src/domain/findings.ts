/**
 * What an examination (`steward doctor`, a worker's start) found, and what of a Temporal namespace it looks at.
 *
 * The one rule: whatever is not as it should be says how to mend it.
 */
import { SEARCH_ATTRIBUTES } from './messages';

export interface Finding {
  /** `warning`: works, but not as it should. */
  status: 'ok' | 'warning' | 'failed';
  /** What was looked at and how it is, one line. */
  what: string;
  /** What to do; absent where it is ok. */
  mend?: string;
}

/** Below this, ids can be used again too soon: "an id means once" no longer holds. */
const MIN_RETENTION_DAYS = 7;

/** IndexedValueType of the Temporal API. */
const TYPE_NAMES: Record<number, string> = {
  1: 'Text',
  2: 'Keyword',
  3: 'Int',
  4: 'Double',
  5: 'Bool',
  6: 'Datetime',
  7: 'KeywordList',
};

/** How long closed workflows are kept. */
export function retentionFinding(namespace: string, days: number): Finding {
  if (days >= MIN_RETENTION_DAYS)
    return { status: 'ok', what: `namespace ${namespace} keeps closed workflows ${days} days` };
  return {
    status: 'warning',
    what: `namespace ${namespace} keeps closed workflows ${days} days; ids may be used again after that`,
    mend: `temporal operator namespace update --namespace ${namespace} --retention 30d`,
  };
}

/** One finding for each search attribute that is missing or of another type. */
export function attributeFindings(
  namespace: string,
  registered: Readonly<Record<string, number | null | undefined>>,
): Finding[] {
  return Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]): Finding[] => {
    const actual = registered[name] ?? undefined;
    if (actual === undefined)
      return [
        {
          status: 'failed',
          what: `search attribute ${name} is not registered in namespace ${namespace}`,
          mend: `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`,
        },
      ];
    if (TYPE_NAMES[actual] === type) return [];
    return [
      {
        status: 'failed',
        what: `search attribute ${name} is ${TYPE_NAMES[actual] ?? actual} in namespace ${namespace}; it must be ${type}`,
        mend: `use another namespace, or remove it and register it as ${type}: temporal operator search-attribute remove --namespace ${namespace} --name ${name}`,
      },
    ];
  });
}
