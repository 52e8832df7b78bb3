/** Classes joins the class names that are given. */
export const classes = (...names: (string | false | undefined)[]) => names.filter(Boolean).join(' ')
