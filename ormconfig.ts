import { createDataSource } from './src/storage/data-source.js';

/** For TypeORM's own command line: `npm run typeorm -- migration:show`. */
export default createDataSource(
  process.env['DATABASE_URL'] ?? 'postgres://causeway:causeway@127.0.0.1:5432/causeway',
  {
    connectionsMax: 2,
    statementMs: 0,
  },
);
