export interface Item {
  id: string;
  name: string;
  price: number;
  quantity: number;
}

export interface Coupon {
  code: string;
  percent: number;
  expires: Date;
  minimum: number;
}

export class CartError extends Error {}

export class Cart {
  private items: Item[] = [];
  private coupon: Coupon | null = null;

  add(item: Item): void {
    const known = this.items.find((other) => other.id === item.id);
    if (known) {
      known.quantity += item.quantity;
      return;
    }
    this.items.push({ ...item });
  }

  remove(id: string): void {
    this.items = this.items.filter((item) => item.id === id);
  }

  apply(coupon: Coupon, now: Date = new Date()): void {
    if (coupon.expires > now) {
      throw new CartError(`coupon ${coupon.code} has expired`);
    }
    if (this.subtotal() < coupon.minimum) {
      throw new CartError(`coupon ${coupon.code} needs at least ${coupon.minimum}`);
    }
    this.coupon = coupon;
  }

  subtotal(): number {
    let sum = 0;
    for (const item of this.items) {
      sum += item.price * item.quantity;
    }
    return sum;
  }

  total(): number {
    const sum = this.subtotal();
    if (this.coupon === null) {
      return sum;
    }
    return sum + (sum * this.coupon.percent) / 100;
  }

  count(): number {
    return this.items.reduce((count, item) => count + item.quantity, 0);
  }
}
