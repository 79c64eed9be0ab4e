import pg, { type Connection, type FieldDef, type PoolClient, type QueryResultRow } from 'pg';

/** One SQL statement. A name makes it prepared, once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

export type Rows = readonly QueryResultRow[];

/** Names that are prepared on a connection; `doubtful` after an error, when it is unknown how far the server came. */
type Prepared = Map<string, 'known' | 'doubtful'>;
const preparedOn = new WeakMap<Connection, Prepared>();

function preparedNames(connection: Connection): Prepared {
  const known = preparedOn.get(connection) ?? new Map();
  preparedOn.set(connection, known);
  return known;
}

/** A value as it goes over the wire. */
type WireValue = Buffer | string | null;

interface RowReader {
  addFields(fields: readonly FieldDef[]): void;
  parseRow(values: readonly unknown[]): QueryResultRow;
}

/** What pg exports and its types leave out. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as pg/lib/index.js has it
const { utils, Result } = pg as unknown as {
  readonly utils: { prepareValue(this: void, value: unknown): WireValue };
  readonly Result: new () => RowReader;
};

interface WireStatement {
  readonly name: string;
  readonly text: string;
  readonly values: WireValue[];
}

/**
 * Statements that leave in one packet and are answered in one, with a single Sync at the end: without a BEGIN among them
 * they are a transaction of their own (PostgreSQL, Frontend/Backend Protocol, 55.2.4 Pipelining). The first error skips
 * the rest. pg asks a Submittable to write itself and hands it each message of the answer.
 */
class Flush implements pg.Submittable {
  readonly #results: QueryResultRow[][] = [];
  #rows: QueryResultRow[] = [];
  #reader = new Result();
  #submitted: string[] = [];
  #prepared: Prepared = new Map();
  #unreadable: unknown;

  constructor(
    private readonly statements: readonly WireStatement[],
    private readonly resolve: (results: readonly Rows[]) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  readonly submit = (connection: Connection): void => {
    this.#prepared = preparedNames(connection);
    connection.stream.cork();
    for (const statement of this.statements) this.#write(connection, statement);
    connection.sync();
    connection.stream.uncork();
  };

  #write(connection: Connection, { name, text, values }: WireStatement): void {
    const state = this.#prepared.get(name);
    if (state !== 'known') {
      // Closing what isn't there is no error.
      if (state === 'doubtful') connection.close({ type: 'S', name }, true);
      connection.parse({ name, text, types: [] }, true);
      if (name !== '') {
        this.#submitted.push(name);
        this.#prepared.set(name, 'known');
      }
    }
    connection.bind({ statement: name, values }, true);
    connection.describe({ type: 'P', name: '' }, true);
    connection.execute({}, true);
  }

  handleRowDescription({ fields }: { fields: readonly FieldDef[] }): void {
    this.#reader = new Result();
    this.#reader.addFields(fields);
  }

  handleDataRow({ fields }: { fields: readonly unknown[] }): void {
    try {
      this.#rows.push(this.#reader.parseRow(fields));
    } catch (error) {
      this.#unreadable ??= error;
    }
  }

  handleCommandComplete(): void {
    this.#results.push(this.#rows);
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  handleError(error: unknown): void {
    for (const name of this.#submitted) this.#prepared.set(name, 'doubtful');
    this.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#unreadable === undefined) this.resolve(this.#results);
    else this.reject(this.#unreadable);
  }
}

/** Sends statements in one flush and gives the rows of each. @throws the first error among them */
export function flush(client: PoolClient, statements: readonly Statement[]): Promise<readonly Rows[]> {
  return new Promise((resolve, reject) => {
    // A value that can't be written must fail before anything of the flush is.
    const wire = statements.map(({ name = '', text, values }) => ({
      name,
      text,
      values: values.map(utils.prepareValue),
    }));
    client.query(new Flush(wire, resolve, reject));
  });
}
