// Package fsck checks and repairs the data folder of internal stages (package
// local) while no server has it open.
//
// A check reads every record of the log and every body file, with the decoder
// that the server uses, and compares them with the index. It changes nothing,
// and works on a file system that is read-only. It names each object that cannot
// be read, and each part of a file that is damaged, also where that hurts no
// object.
//
// A repair keeps all that is whole: objects that cannot be read are removed,
// damaged segments are copied as far as they can be read, an index that is
// damaged is made anew, a body file whose record was lost goes back to its
// object. What is left over is put into the folder aside/.
package fsck
