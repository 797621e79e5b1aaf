export function mountBrand() {}
