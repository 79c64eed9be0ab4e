import { CommanderError } from 'commander';
import { describe, expect, test } from '@jest/globals';
import { CliError, explain } from '../../src/cli/exit-codes.js';
import { DomainError } from '../../src/core/errors.js';
import { SealError } from '../../src/keys/sealing.js';
import { ConfigError } from '../../src/server/config-values.js';
import { EmbeddedDatabaseError } from '../../src/storage/embedded/errors.js';
import { SchemaError } from '../../src/storage/schema.js';

describe('what an error means to the shell', () => {
  test.each<[error: unknown, code: number, lines: readonly string[]]>([
    [new CliError(65, ['one', 'two']), 65, ['one', 'two']],
    [new CommanderError(0, 'commander.help', ''), 0, []],
    [new CommanderError(1, 'commander.unknownOption', ''), 64, []],
    [new ConfigError(['PORT: no', 'HOST: no']), 78, ['PORT: no', 'HOST: no']],
    [new SchemaError('unreachable', 'gone'), 69, ['gone']],
    [new SchemaError('busy', 'busy'), 69, ['busy']],
    [new SchemaError('schema_newer', 'newer'), 78, ['newer']],
    [new EmbeddedDatabaseError('unreachable', 'gone'), 69, ['DATA_DIR: gone']],
    [new EmbeddedDatabaseError('in_use', 'taken'), 78, ['DATA_DIR: taken']],
    [new SealError('wrong'), 78, ['ENCRYPTION_KEYS: wrong']],
    [new DomainError('forbidden', 'no'), 77, ['no']],
    [new DomainError('not_found', 'nobody'), 64, ['nobody']],
    [new DomainError('conflict', 'changed'), 65, ['changed']],
    [new DomainError('upstream_unavailable', 'gone'), 69, ['gone']],
    [
      Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
      69,
      ['the database does not answer: connect'],
    ],
  ])('%s: %i', (error, code, lines) => {
    const { exitCode, lines: told } = explain(error);
    expect([exitCode, told]).toEqual([code, lines]);
  });

  test('anything else is a fault of Causeway’s own, with its stack', () => {
    const { exitCode, lines } = explain(new RangeError('oops'));
    expect(exitCode).toBe(70);
    expect(lines.join()).toMatch(/fault of Causeway's own: RangeError: oops\n\s+at /);
  });
});
