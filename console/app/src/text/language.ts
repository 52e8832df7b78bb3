/** The language of the page, which the server chose as it does for its 403 pages. */
export type Language = 'en' | 'de'

export const language: Language = document.documentElement.lang.startsWith('de') ? 'de' : 'en'

/** The reader's own form of the language, such as en-GB, for dates and numbers. */
export const locale: string = navigator.languages.find((tag) => tag === language || tag.startsWith(language + '-')) ?? language

/** Catalog chooses the texts of a part of the console. The type of `en` makes `de` complete. */
export function catalog<T>(texts: { en: T; de: NoInfer<T> }): T {
  return texts[language]
}
