import { Type, type Static } from 'typebox';
import { plainText } from '../../core/text.js';
import { CliError, EXIT, type ExitCode } from '../exit-codes.js';

/** What of a problem document (RFC 9457) is told. */
export const ProblemShape = Type.Object({
  code: Type.String(),
  detail: Type.String(),
  errors: Type.Optional(
    Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() }), { maxItems: 1_000 }),
  ),
  requestId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
export type ProblemShape = Static<typeof ProblemShape>;

const TEXT_MAX = 1_000;

/** What a deployment refused to do, as its management API says it. */
export class RemoteProblem extends CliError {
  readonly code: string;
  /** What is wrong in what was sent, by JSON Pointer (RFC 6901). */
  readonly faults: readonly { readonly pointer: string; readonly message: string }[];

  /** @param body the whole answer, for members that one code alone has */
  constructor(
    readonly status: number,
    problem: ProblemShape,
    readonly body: unknown,
  ) {
    const { code, detail, errors = [], requestId } = problem;
    const faults = errors.map(({ pointer, message }) => ({
      pointer: plainText(pointer, TEXT_MAX),
      message: plainText(message, TEXT_MAX),
    }));
    const exitCode = exitCodeOf(status, code);
    const request =
      exitCode === EXIT.internal && typeof requestId === 'string'
        ? [`its log has more under request ${plainText(requestId, 60)}`]
        : [];
    super(exitCode, [
      ...(faults.length > 0 && code === 'invalid_body'
        ? faults.map(({ pointer, message }) => `${pointer}: ${message}`)
        : [plainText(detail, TEXT_MAX)]),
      ...request,
    ]);
    this.code = plainText(code, 60);
    this.faults = faults;
  }
}

/**
 * What a refusal means to the shell: the same as the same mistake would where the deployment is configured. What the
 * words of a command made invalid is a matter of usage; a file is judged by who sends it.
 */
function exitCodeOf(status: number, code: string): ExitCode {
  if (code === 'confirmation_required' || status === 401 || status === 403) return EXIT.notAllowed;
  if (status === 409 || status === 412 || status === 413) return EXIT.badFile;
  if (status === 429 || status === 502 || status === 503 || status === 504) return EXIT.unreachable;
  return status >= 500 ? EXIT.internal : EXIT.usage;
}
