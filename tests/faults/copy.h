/* Trees of plain files, folders and symbolic links, with owners and modes. */
#ifndef TESTS_FAULTS_COPY_H
#define TESTS_FAULTS_COPY_H

#include <sys/types.h>

void copy_file(const char *from, const char *to, mode_t mode);
/* TO must not exist. */
void copy_tree(const char *from, const char *to);

#endif
