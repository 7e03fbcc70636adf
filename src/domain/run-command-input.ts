/** What the workflow `runCommand` accepts. */

/** RegionIds: cn-hangzhou, ap-southeast-1, cn-shanghai-finance-1. Letters, digits and hyphens only. */
export const REGION_PATTERN = /^[a-z]{2,3}-[a-z]+(-[a-z0-9]+){0,4}$/;
