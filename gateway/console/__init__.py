"""The console: GraphiQL that knows purposes, and the policy and the ledger as pictures.

    door    the routes: the page, what it loads, what it asks beside GraphQL
    files   the page as it was built, and where its parts may come from
    facts   a token's purposes, the rules of each, why a field is there or not
    build   npm and Vite, once
    wheel   the same while a wheel is built
    page/   the source: TypeScript and React

Whatever the page shows of people it asks as any client does, over /graphql, under one purpose.
"""
