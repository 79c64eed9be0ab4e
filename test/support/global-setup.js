import { tsImport } from 'tsx/esm/api';

/** Jest loads this file outside its module mapper, where '.js' paths to '.ts' files fail; tsx loads what follows. */
export default async function globalSetup() {
  const { prepareServer } = await tsImport('./prepare-database.ts', import.meta.url);
  await prepareServer();
}
