/** An institution of the example. None of them exists. */
export interface ExampleInstitution {
  /** Name of its certificate's files. */
  readonly file: string;
  /** 機関コード. */
  readonly code: string;
  /** 名称. */
  readonly name: string;
  /** The class that rows of the permission table name it by. */
  readonly kind: string;
}

/** Who takes part: inquirers and providers, and the system that shows people their records. */
export const INSTITUTIONS = {
  city: { file: 'city', code: '0299990000001100', name: '架空市長', kind: '市町村長' },
  prefecture: { file: 'prefecture', code: '0199990000001200', name: '架空県知事', kind: '都道府県知事' },
  pension: { file: 'pension', code: '0399990000001300', name: '架空年金機構', kind: '日本年金機構' },
  disclosure: {
    file: 'disclosure-system',
    code: '0999990000001900',
    name: '情報提供等記録開示システム',
    kind: '情報提供等記録開示システム',
  },
} as const satisfies Record<string, ExampleInstitution>;

/** 機関コード of everybody who holds codes of people. */
export const INSTITUTION_CODES: readonly string[] = Object.values(INSTITUTIONS).map(({ code }) => code);
