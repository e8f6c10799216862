/** Where everything goes. It says its port, and the first time that something comes; then it is stopped, and the kernel throws away the rest. */
import { createSocket } from 'node:dgram';

const socket = createSocket('udp4');
socket.once('message', () => process.send?.('arrived'));
socket.bind(0, '127.0.0.1', () => process.send?.(socket.address().port));
process.on('disconnect', () => process.exit(0));
