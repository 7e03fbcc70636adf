import { EcsError, classify, isThrottling, toEcsError } from '../../src/ecs/errors';

describe('the error table', () => {
  it.each([
    ['Throttling', 400, 'retry'],
    ['Throttling.User', 400, 'retry'],
    ['Throttling.Api', 503, 'retry'],
    ['Rejected.Throttling', 400, 'retry'],
    ['ServiceUnavailable', 503, 'retry'],
    ['InternalError', 500, 'retry'],
    ['InternalError.Dispatch', 500, 'retry'],
    ['IdempotentProcessing', 403, 'retry'],
    ['SignatureNonceUsed', 400, 'retry'],
    ['IncorrectInstanceStatus', 403, 'retryAfter'],
    ['IncorrectInstanceStatus.Initializing', 403, 'retryAfter'],
    ['OperationDenied.NoStock', 403, 'retryAfter'],
    ['InvalidInstanceId.NotFound', 404, 'terminal'],
    ['MissingParameter', 404, 'terminal'],
    ['IdempotentParameterMismatch', 403, 'terminal'],
    ['Forbidden.RAM', 403, 'terminal'],
    ['SignatureDoesNotMatch', 400, 'terminal'],
    ['NotImplemented.Simulator', 501, 'terminal'],
    ['NobodyKnowsThis', 418, 'terminal'],
    ['NobodyKnowsThis', 502, 'retry'],
  ])('%s with %i means %s', (code, status, kind) => {
    expect(classify(code, status)).toBe(kind);
  });

  it('knows throttling by code, not by status', () => {
    expect(isThrottling('Throttling.User')).toBe(true);
    expect(isThrottling('ThrottlingHouse')).toBe(false);
  });
});

describe('an answer of the SDK', () => {
  const refused = {
    code: 'Forbidden.RAM',
    statusCode: 403,
    data: { RequestId: 'R-1', Message: 'Not allowed.' },
  };

  it('keeps action, code and request id in the message', () => {
    expect(toEcsError('RunCommand', refused).message).toBe(
      'RunCommand: Forbidden.RAM: Not allowed. (request id R-1)',
    );
  });

  it('names the missing permission where RAM tells it', () => {
    const error = toEcsError('RunCommand', {
      ...refused,
      accessDeniedDetail: { AuthAction: 'ecs:RunCommand' },
    });
    expect(error.message).toContain('Missing permission: ecs:RunCommand.');
  });

  it('excludes an effect after a 4xx and does not after a 5xx or a lost answer', () => {
    expect(toEcsError('RunCommand', refused).effectExcluded).toBe(true);
    expect(
      toEcsError('RunCommand', { ...refused, code: 'InternalError', statusCode: 500 }).effectExcluded,
    ).toBe(false);
    expect(
      toEcsError('RunCommand', Object.assign(new Error('reset'), { code: 'ECONNRESET' })).effectExcluded,
    ).toBe(false);
    expect(
      toEcsError('RunCommand', Object.assign(new Error('x'), { code: 'ECONNREFUSED' })).effectExcluded,
    ).toBe(true);
  });

  it('retries what is no answer of ECS: HTML of a proxy, a cut body', () => {
    const error = toEcsError('RunCommand', new SyntaxError('Unexpected token < in JSON'));
    expect([error.kind, error.code]).toEqual(['retry', 'Transport.SyntaxError']);
  });

  it('passes an EcsError through and can be told to wait', () => {
    const error = toEcsError('RunCommand', refused);
    expect(toEcsError('Other', error)).toBe(error);
    expect(error.retryIn(500)).toMatchObject({ retryAfterMs: 500, message: error.message });
    expect(error.retryIn(500)).toBeInstanceOf(EcsError);
  });
});

describe('what the request said stays out of messages', () => {
  it.each([
    [
      'the URL of a transport error',
      'ReadTimeout(15000). POST http://127.0.0.1:8080/?CommandContent=c2VjcmV0&SecurityToken=s failed.',
      'ReadTimeout(15000). POST http://127.0.0.1:8080/?… failed.',
    ],
    [
      'the text that was to be signed',
      'Specified signature is not matched. server string to sign is:POST&%2F&SecurityToken%3Dsecret',
      'Specified signature is not matched. server string to sign is: (left out)',
    ],
    [
      'the canonical request',
      'No match. Server CanonicalRequest is:\nPOST\n/\nCommandContent=c2VjcmV0',
      'No match. Server CanonicalRequest is: (left out)',
    ],
  ])('%s', (_, Message, told) => {
    const refusal = { code: 'SomeCode', statusCode: 400, data: { Message } };
    expect(toEcsError('RunCommand', refusal).detail).toBe(told);
    expect(toEcsError('RunCommand', new Error(Message)).message).toContain(told);
    expect(toEcsError('RunCommand', refusal).retryIn(5).detail).toBe(told);
  });

  it('and a message stays short, whoever wrote it', () => {
    const refusal = { code: 'SomeCode', statusCode: 400, data: { Message: 'x'.repeat(100_000) } };
    expect(toEcsError('RunCommand', refusal).message.length).toBeLessThan(1_100);
  });
});
