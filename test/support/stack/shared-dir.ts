// Which variable tells every worker of a test run where their stack is?
export const SHARED_DIR_VARIABLE = 'LEDGERSTONE_SHARED_STACK_DIR';
