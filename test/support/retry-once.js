/* global jest */
/**
 * Live tests run real processes beside whatever else the machine does. One that fails is run once more, and both the
 * failure and the retry are printed: a defect fails twice, a machine that was busy for a moment does not.
 */
jest.retryTimes(1, { logErrorsBeforeRetry: true });
