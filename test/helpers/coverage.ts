import hre from "hardhat";

/** For tests about the gas that the contracts use: where coverage is measured they are other code, which uses more. */
export function skipWhereGasIsAnother(this: Mocha.Context): void {
  if (hre.globalOptions.coverage) this.skip();
}
