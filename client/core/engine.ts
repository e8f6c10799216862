/** placeholder */
export interface Engine { readonly name: 'placeholder' }
