import type { Static } from 'typebox';
import { describeFault } from '../../domain/configuration/fault.js';
import { readFileToSend, type SentTenant } from '../../management/apply-file/read-apply-file.js';
import { ApplyAnswer, ApplyRefusal } from '../../management/contract/configuration.js';
import type { Variables } from '../command-context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { isOf } from './answers.js';
import { LONG_MS, pathOf, type RemoteApi } from './api.js';
import { RemoteProblem } from './problem.js';

/** What a file is sent with. */
export interface RemoteApply {
  readonly text: string;
  /** Of this machine: secrets that the file names are looked up here, and never where it is sent. */
  readonly variables: Variables;
  readonly dryRun: boolean;
  readonly allowDelete: boolean;
  /** Says what the file must not do unasked. */
  readonly refusal: (deletions: Static<typeof ApplyAnswer>['plan']) => CliError;
}

/** Sends a file of `apply` to a deployment. @throws CliError */
export async function applyRemotely(api: RemoteApi, sent: RemoteApply): Promise<Static<typeof ApplyAnswer>> {
  const read = readFileToSend(sent.text, (name) => sent.variables[name]);
  if ('faults' in read) throw new CliError(EXIT.badFile, read.faults.map(describeFault));
  const { dryRun, allowDelete } = sent;
  try {
    return await api.post(ApplyAnswer, pathOf('configuration', 'apply'), {
      query: { dryRun, allowDelete },
      body: { tenants: read.tenants.map(({ entry }) => entry) },
      deadlineMs: LONG_MS,
    });
  } catch (error) {
    if (!(error instanceof RemoteProblem)) throw error;
    if (error.code === 'confirmation_required' && isOf(ApplyRefusal, error.body))
      throw sent.refusal(error.body.deletions);
    if (error.code === 'invalid_body') throw badFile(error, read.tenants);
    throw error;
  }
}

/** What is wrong, in the words of the file that was read here. */
function badFile({ faults, lines }: RemoteProblem, tenants: readonly SentTenant[]): CliError {
  if (faults.length === 0) return new CliError(EXIT.badFile, lines);
  return new CliError(
    EXIT.badFile,
    faults.map(({ pointer, message }) => describeFault({ path: placeOf(pointer, tenants), message })),
  );
}

/** `/tenants/1/connections/0/issuer` → `document 2: tenants[0].connections[0].issuer`. */
function placeOf(pointer: string, tenants: readonly SentTenant[]): string {
  const [, list, index = '', ...below] = pointer
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  const tenant = list === 'tenants' ? tenants[Number(index)] : undefined;
  if (tenant === undefined) return pointer === '' ? 'file' : pointer;
  return [
    tenant.path,
    ...below.map((segment) => (/^\d+$/.test(segment) ? `[${segment}]` : `.${segment}`)),
  ].join('');
}
